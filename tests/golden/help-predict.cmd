# Usage, options with their defaults, an example.
tpsim predict --help
