"""The stand-in cloud: an API that moto answers, and a container as the body of each of its instances."""
