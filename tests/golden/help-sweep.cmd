# Usage, options with their defaults, an example.
tpsim sweep --help
