import type { Control } from '../control.ts'

export const FIREWALL_CONTROLS: readonly Control[] = [
  {
    id: 'firewall-default-no',
    title: 'The machine answers nobody it was not told to',
    layer: 'enforce',
    promise:
      'Where the firewall is applied nothing comes in but what is named, management ports only from a subnet that is set, by IPv4 and IPv6; and only the users that are named leave, so that the proxy is the one way out.',
    limits:
      'It is off until it is applied. It tells users apart, not programs of one user: run the daemon as a user of its own.',
    module: 'src/enforce/firewall/table.ts',
    tests: [
      'test/attacks/firewall.test.ts#what is open is reached',
      'test/attacks/firewall.test.ts#management ports are closed',
      'test/attacks/firewall.test.ts#only who is named leaves',
      'test/attacks/firewall.test.ts#a packet from where no answer',
      'src/enforce/firewall/settings.test.ts',
    ],
  },
  {
    id: 'firewall-taken-back',
    title: 'A firewall that locks you out goes away by itself',
    layer: 'enforce',
    promise:
      'Rules are checked first, come into force as one step, and are taken back unless they are confirmed in time, also when the command that applied them is killed. The rules of others are never touched.',
    limits:
      'Open connections go on, so that a mistake shows only in a new one. A process of root can end who takes it back; then the next command does it.',
    module: 'src/enforce/firewall/change.ts',
    tests: [
      'test/attacks/firewall.test.ts#a batch with one bad rule',
      'test/attacks/firewall.test.ts#a change nobody confirms',
      'test/attacks/firewall.test.ts#a change whose watch died',
      'test/attacks/firewall.test.ts#nobody who would take it back',
      'test/attacks/firewall-process.test.ts',
      'src/enforce/firewall/change.test.ts',
    ],
  },
  {
    id: 'firewall-openings',
    title: 'What is opened in a hurry closes by itself',
    layer: 'enforce',
    promise:
      'A port is opened to a network for a time and with a reason, recorded before it is done; the kernel closes it, also when nothing of Warder runs. What a hand changed in the rules is seen.',
    limits:
      'Connections that are open when an opening ends go on. A change by hand is seen when status is asked.',
    module: 'src/enforce/firewall/openings.ts',
    tests: [
      'test/attacks/firewall.test.ts#an opening lets in',
      'test/attacks/firewall.test.ts#one rule put in by hand',
      'src/enforce/firewall/drift.test.ts',
    ],
  },
  {
    id: 'firewall-floods',
    title: 'One source cannot take the place of all',
    layer: 'enforce',
    promise:
      'New connections, connections at once and pings are measured for each source, an IPv4 address or an IPv6 /64; one that goes beyond is dropped, and others are served.',
    limits:
      'A flood that fills the line or comes from very many sources cannot be absorbed on the machine: that is for the network around it.',
    module: 'src/enforce/firewall/inbound.ts',
    tests: ['test/attacks/firewall.test.ts#a source that floods'],
  },
  {
    id: 'host-settings',
    title: 'Kernel settings and the resolver are checked',
    layer: 'enforce',
    promise:
      'Settings of the kernel that weaken a host are named with their reason, set all or none, and put back on request; a resolver configuration that asks in the clear or answers strangers is named.',
    limits:
      'They are written only when you say so, and a boot forgets them; unprivileged user namespaces stay on, because the sandboxes need them.',
    module: 'src/enforce/firewall/sysctl-change.ts',
    tests: ['src/enforce/firewall/sysctl.test.ts', 'src/enforce/firewall/resolver.test.ts'],
  },
]
