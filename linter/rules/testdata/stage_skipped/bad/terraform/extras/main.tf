terraform {} # want "root module terraform/extras has no number among the stages of terraform; name it N_extras"
