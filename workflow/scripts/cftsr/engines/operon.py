from cftsr.engines.base import *


class Operon(Engine):
    name = "operon"

    @classmethod
    def availability(cls):
        return Availability(True)

    def advance(self, *a):
        raise NotImplementedError
