# Usage, options with their defaults, an example.
tpsim check --help
