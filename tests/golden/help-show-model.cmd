# Usage, options with their defaults, an example.
tpsim show-model --help
