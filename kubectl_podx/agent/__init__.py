"""What a model may ask: tools, resources and prompts, and the server that offers them."""
