# Usage, options with their defaults, an example.
tpsim cost --help
