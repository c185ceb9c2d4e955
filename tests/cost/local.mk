# tests of cost
