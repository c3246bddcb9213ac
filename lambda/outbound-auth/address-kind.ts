import { BlockList, isIPv4, isIPv6 } from 'node:net';

/**
 * Where an address leads. `public`: the internet. `private`: this machine or a network around it, which a policy may mean.
 * `never`: where credentials of the machine are kept, or nowhere that a server could be.
 */
export type AddressKind = 'public' | 'private' | 'never';

type Range = readonly [address: string, prefix: number];

/** Sources: the IANA IPv4 and IPv6 special-purpose address registries (RFC 6890); each cloud's documentation for its own. */
const NEVER_V4: readonly Range[] = [
  ['0.0.0.0', 8], // Linux connects it to itself.
  ['100.100.100.200', 32], // metadata, Alibaba
  ['168.63.129.16', 32], // the host, Azure
  ['169.254.0.0', 16], // metadata, task credentials and the runtime API, AWS
  ['192.0.0.0', 24], // metadata, Oracle
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
];
const PRIVATE_V4: readonly Range[] = [
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
];
const NEVER_V6: readonly Range[] = [
  ['2001::', 23], // Teredo has an IPv4 address in it.
  ['2001:db8::', 32],
  ['2002::', 16], // So has 6to4.
  ['3fff::', 20],
  ['fd00:ec2::', 32], // metadata, AWS
  ['fd20:ce::', 32], // metadata, Google
];
const PRIVATE_V6: readonly Range[] = [
  ['::1', 128],
  ['fc00::', 7],
];
/** All that is handed out. IPv4-mapped and -compatible addresses, NAT64, link-local and multicast are outside it. */
const GLOBAL_V6: readonly Range[] = [['2000::', 3]];

const listOf = (ranges: readonly Range[], family: 'ipv4' | 'ipv6'): BlockList => {
  const list = new BlockList();
  for (const [address, prefix] of ranges) list.addSubnet(address, prefix, family);
  return list;
};

// A list for each family: one that has both takes an IPv4-mapped address for the IPv4 address in it.
const v4 = { never: listOf(NEVER_V4, 'ipv4'), private: listOf(PRIVATE_V4, 'ipv4') };
const v6 = {
  never: listOf(NEVER_V6, 'ipv6'),
  private: listOf(PRIVATE_V6, 'ipv6'),
  global: listOf(GLOBAL_V6, 'ipv6'),
};
const loopback = { v4: listOf([['127.0.0.0', 8]], 'ipv4'), v6: listOf([['::1', 128]], 'ipv6') };

/** The kind of a literal address, without brackets. What is none, and what names an interface (`fe80::1%eth0`), is `never`. */
export const addressKind = (address: string): AddressKind => {
  if (isIPv4(address)) {
    if (v4.never.check(address, 'ipv4')) return 'never';
    return v4.private.check(address, 'ipv4') ? 'private' : 'public';
  }
  if (!isIPv6(address) || address.includes('%') || v6.never.check(address, 'ipv6')) return 'never';
  if (v6.private.check(address, 'ipv6')) return 'private';
  return v6.global.check(address, 'ipv6') ? 'public' : 'never';
};

export const isLoopbackAddress = (address: string): boolean =>
  isIPv4(address)
    ? loopback.v4.check(address, 'ipv4')
    : isIPv6(address) && !address.includes('%') && loopback.v6.check(address, 'ipv6');
