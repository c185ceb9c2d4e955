# tests of program
