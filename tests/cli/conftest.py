from tests.front_door.conftest import portal, service

__all__ = ["portal", "service"]
