"""The twenty default assets as a table of facts; the invented rest of the catalogue is in coins.py.

Symbols, ids and supplies are public facts. BTC, ETH, SHIB and PEPE start from CoinGecko's published
examples; the other prices and turnovers are plausible levels of the same day, not quotations.
"""

from typing import Final, NamedTuple


class Listing(NamedTuple):
    """Prices and extremes in USD; turnover in USD a day worldwide; trades a day on Coinbase."""

    symbol: str
    id: str
    name: str
    image: int
    price: float
    supply: float
    supply_cap: float | None
    turnover: float
    ath: float
    atl: float
    trades: int


DEFAULTS: Final = (
    Listing("BTC", "bitcoin", "Bitcoin", 1, 77361, 20030493, 21e6, 29096603418, 126080, 67.81, 300_000),
    Listing(
        "ETH", "ethereum", "Ethereum", 279, 2348.37, 120694123.4, None, 15.34e9, 4946.05, 0.432979, 200_000
    ),
    Listing("XRP", "ripple", "XRP", 44, 1.4265, 60.1e9, 100e9, 3.12e9, 3.65, 0.00268621, 90_000),
    Listing("BNB", "binancecoin", "BNB", 825, 641.18, 137.73e6, 200e6, 1.49e9, 1369.99, 0.0398177, 30_000),
    Listing("SOL", "solana", "Solana", 4128, 88.42, 569e6, None, 3.98e9, 293.31, 0.500801, 150_000),
    Listing("DOGE", "dogecoin", "Dogecoin", 5, 0.098412, 168.9e9, None, 1.05e9, 0.731578, 8.69e-05, 60_000),
    Listing("ADA", "cardano", "Cardano", 975, 0.262714, 36.75e9, 45e9, 520e6, 3.09, 0.01925275, 30_000),
    Listing("TRX", "tron", "TRON", 1094, 0.291155, 94.7e9, None, 610e6, 0.431288, 0.00180434, 20_000),
    Listing("LINK", "chainlink", "Chainlink", 877, 9.31, 708e6, 1e9, 430e6, 52.7, 0.148183, 30_000),
    Listing("AVAX", "avalanche-2", "Avalanche", 12559, 9.64, 431e6, 720e6, 310e6, 144.96, 2.8, 20_000),
    Listing(
        "XLM", "stellar", "Stellar", 100, 0.165209, 32.6e9, 50001806812, 120e6, 0.875563, 0.00047612, 15_000
    ),
    Listing("LTC", "litecoin", "Litecoin", 2, 55.27, 76.9e6, 84e6, 290e6, 410.26, 1.15, 20_000),
    Listing("BCH", "bitcoin-cash", "Bitcoin Cash", 780, 462.31, 20.02e6, 21e6, 240e6, 3785.82, 76.93, 10_000),
    Listing("DOT", "polkadot", "Polkadot", 12171, 1.3518, 1.668e9, 2.1e9, 140e6, 54.98, 1.25, 15_000),
    Listing("UNI", "uniswap", "Uniswap", 12504, 3.62, 634e6, 1e9, 130e6, 44.92, 1.03, 10_000),
    Listing("NEAR", "near", "NEAR Protocol", 10365, 1.3377, 1.288e9, None, 170e6, 20.44, 0.526762, 12_000),
    Listing("ATOM", "cosmos", "Cosmos Hub", 1481, 1.9042, 484e6, None, 60e6, 44.45, 1.16, 9_000),
    Listing("AAVE", "aave", "Aave", 12645, 108.93, 15.2e6, 16e6, 210e6, 661.69, 26.02, 9_000),
    Listing(
        "SHIB",
        "shiba-inu",
        "Shiba Inu",
        11939,
        8.47e-06,
        589.2437e12,
        None,
        121884113,
        8.616e-05,
        5.6366e-11,
        1_500,
    ),
    Listing(
        "PEPE", "pepe", "Pepe", 29850, 3.52e-06, 420.69e12, 420.69e12, 402113987, 2.803e-05, 5.514e-08, 1_800
    ),
)
