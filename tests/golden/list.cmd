# Every variant and stack, and one line on each.
tpsim list variants
tpsim list stacks
# The figures of a served row: a point's inputs, and what is of the server alone.
tpsim list serve-columns -f csv | cut -d, -f1,2
