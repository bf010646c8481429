"""Tells the network that the set is there (zeroconf, Bonjour), so that surfaces find it."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from osc_server.contract.addresses import DEFAULT_PORT
from osc_server.contract.errors import DeviceUnavailable

OSC = "_osc._udp.local."
OSC_QUERY = "_oscjson._tcp.local."
HOW_TO_GET_IT = "pip install 'magnet-bridge[discovery]'"
_EVERYWHERE = ("0.0.0.0", "::")


@dataclass(frozen=True, slots=True)
class Announcement:
    """One thing to announce.

    Attributes:
        type: what it is, such as ``_osc._udp.local.``
        name: of this one, unique within the network.
        host_name: of this computer.
        addresses: where it is reached; none = at every address of this computer.
        port: where it listens.
    """

    type: str
    name: str
    host_name: str
    addresses: tuple[str, ...]
    port: int


def services(host_name: str, host: str, osc_port: int, query_port: int) -> tuple[Announcement, ...]:
    """What a bridge has to announce.

    Args:
        host_name: of this computer.
        host: the address that the bridge listens on.
        osc_port: the front port.
        query_port: where OSCQuery is; 0 = nowhere.
    """
    short = host_name.partition(".")[0] or "here"
    addresses = () if host in _EVERYWHERE else (_numeric(host),)
    # Two on one computer are told apart by their ports: zeroconf itself does not see that clash.
    name = f"magnet-bridge {short}" + (f" {osc_port}" if osc_port != DEFAULT_PORT else "")
    ports = {OSC: osc_port, OSC_QUERY: query_port}
    return tuple(
        Announcement(kind, name, short, addresses, port) for kind, port in ports.items() if port
    )


def is_installed() -> bool:
    """Whether announcing can be had here."""
    try:
        import zeroconf  # noqa: F401
    except ImportError:
        return False
    return True


@asynccontextmanager
async def announced(found: tuple[Announcement, ...]) -> AsyncIterator[None]:
    """Announce while the block lasts; at its end everybody is told that it is gone.

    Raises:
        DeviceUnavailable: where the package is missing, or the network takes nothing.
    """
    try:
        from zeroconf import Error, InterfaceChoice, ServiceInfo
        from zeroconf.asyncio import AsyncZeroconf
    except ImportError as error:
        raise DeviceUnavailable(
            f"surfaces cannot find this bridge by themselves without zeroconf: {HOW_TO_GET_IT}"
        ) from error
    async with AsyncExitStack() as stack:
        try:
            pinned = [address for service in found for address in service.addresses][:1]
            network = AsyncZeroconf(interfaces=pinned or InterfaceChoice.All)
            stack.push_async_callback(network.async_close)
            for service in found:
                info = ServiceInfo(
                    service.type,
                    f"{service.name}.{service.type}",
                    port=service.port,
                    parsed_addresses=pinned or _own_addresses(),
                    server=f"{service.host_name}.local.",
                    properties={"txtvers": "1"},
                )
                await (await network.async_register_service(info, allow_name_change=True))
        except (OSError, Error) as error:
            raise DeviceUnavailable(f"nothing can be announced in this network: {error}") from error
        stack.push_async_callback(network.async_unregister_all_services)
        yield


def _own_addresses() -> list[str]:
    """This computer's addresses in its networks; loopback where it is in none."""
    import ifaddr  # comes with zeroconf

    found = [
        str(one.ip if one.is_IPv4 else one.ip[0])
        for adapter in ifaddr.get_adapters()
        for one in adapter.ips
    ]
    outside = [
        address
        for address in found
        if not (ip := ipaddress.ip_address(address.partition("%")[0])).is_loopback
        and not ip.is_link_local
    ]
    return outside or ["127.0.0.1"]


def _numeric(host: str) -> str:
    """A host name as an address, the way the socket that listens reads it."""
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        return str(socket.getaddrinfo(host, None, family=socket.AF_INET)[0][4][0])
