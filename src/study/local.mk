# sources of study
