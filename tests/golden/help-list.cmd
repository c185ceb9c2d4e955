# Usage, options with their defaults, an example.
tpsim list --help
