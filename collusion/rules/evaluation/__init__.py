"""How well price models do on published cartel markets: protocols, leak guards, controls, the figures to beat."""
