# sources of program
