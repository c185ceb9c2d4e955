# Usage, options with their defaults, an example.
tpsim compare --help
