# sources of cost
