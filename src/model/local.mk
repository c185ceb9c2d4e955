# sources of model
