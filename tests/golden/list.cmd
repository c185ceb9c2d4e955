# Every variant and stack, and one line on each.
tpsim list variants
tpsim list stacks
