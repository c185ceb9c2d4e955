# Usage, options with their defaults, an example.
tpsim solve --help
