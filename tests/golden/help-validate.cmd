# Usage, options with their defaults, an example.
tpsim validate --help
