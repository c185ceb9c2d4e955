# Usage, options with their defaults, an example.
tpsim reproduce --help
