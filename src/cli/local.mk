# sources of cli
