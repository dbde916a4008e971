/**
 * What addresses are for, from the IANA special-purpose registries (RFC 6890 and its successors). Everything but
 * `public` leads to somewhere an agent has no business: this machine, its neighbours, or nowhere.
 */
export type AddressClass =
  | 'public'
  | 'this-machine'
  | 'loopback'
  | 'private'
  | 'shared'
  | 'link-local'
  | 'metadata'
  | 'multicast'
  | 'broadcast'
  | 'documentation'
  | 'reserved'

/** Services that hand out credentials to whoever asks from this machine; only an entry for the very address opens them. */
export const METADATA: readonly string[] = [
  '169.254.169.254', // AWS, Azure, Google, OpenStack, Oracle, DigitalOcean and others
  '169.254.170.2', // AWS container credentials
  '169.254.170.23', // AWS EKS pod identity
  '169.254.169.253', // AWS resolver
  '169.254.169.123', // AWS clock
  '169.254.0.23', // Tencent
  '100.100.100.200', // Alibaba
  '192.0.0.192', // Oracle, older
  '168.63.129.16', // Azure's wire server: an address that looks public
  'fd00:ec2::254',
  'fd00:ec2::253',
  'fd00:ec2::23',
  'fd20:ce::254', // Google
  'fd00:c1::a9fe:a9fe', // Oracle
  'fe80::a9fe:a9fe', // OpenStack
]

/** The first that holds an address settles it. */
export const CLASSES: readonly (readonly [network: string, AddressClass])[] = [
  ['0.0.0.0/8', 'this-machine'],
  ['10.0.0.0/8', 'private'],
  ['100.64.0.0/10', 'shared'],
  ['127.0.0.0/8', 'loopback'],
  ['169.254.0.0/16', 'link-local'],
  ['172.16.0.0/12', 'private'],
  ['192.0.0.0/24', 'reserved'],
  ['192.0.2.0/24', 'documentation'],
  ['192.88.99.0/24', 'reserved'],
  ['192.168.0.0/16', 'private'],
  ['198.18.0.0/15', 'reserved'], // benchmarks, and what the transparent network answers names with
  ['198.51.100.0/24', 'documentation'],
  ['203.0.113.0/24', 'documentation'],
  ['224.0.0.0/4', 'multicast'],
  ['255.255.255.255', 'broadcast'],
  ['240.0.0.0/4', 'reserved'],

  ['::', 'this-machine'],
  ['::1', 'loopback'],
  ['::/96', 'public'], // IPv4-compatible: as good as what it carries
  ['64:ff9b::/96', 'public'], // NAT64: likewise
  ['2001::/32', 'public'], // Teredo: likewise
  ['2001::/23', 'reserved'],
  ['2001:db8::/32', 'documentation'],
  ['2002::/16', 'public'], // 6to4: likewise
  ['3fff::/20', 'documentation'],
  ['2000::/3', 'public'],
  ['fc00::/7', 'private'],
  ['fe80::/10', 'link-local'],
  ['fec0::/10', 'private'],
  ['ff00::/8', 'multicast'],
  // whatever is left of IPv6 is reserved
]
