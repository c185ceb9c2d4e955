# Usage, options with their defaults, an example.
tpsim calibrate --help
