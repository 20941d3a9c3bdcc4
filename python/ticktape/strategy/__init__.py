"""Strategies in Python: what a module of a strategy imports. `python3 -m ticktape.strategy` is what a gateway starts."""
from .strategy import OpenOrder, Position, Strategy, TimerEvent

__all__ = ['OpenOrder', 'Position', 'Strategy', 'TimerEvent']
