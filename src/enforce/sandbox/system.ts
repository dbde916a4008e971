import type { Lookup } from './lookup.ts'
import type { Mount } from './spec.ts'

/** The directories that on most systems are links into /usr. */
const USR_LINKS = ['/bin', '/sbin', '/lib', '/lib64', '/lib32', '/libx32']

/** Single files and folders of /etc that programs need and that hold no secret. Never /etc as a whole, nor /etc/ssl. */
const ETC = [
  '/etc/ld.so.cache',
  '/etc/alternatives',
  '/etc/ssl/certs',
  '/etc/ssl/openssl.cnf',
  '/etc/pki/tls/certs',
  '/etc/pki/ca-trust/extracted',
  '/etc/crypto-policies',
  '/etc/localtime',
  '/etc/mime.types',
  '/etc/protocols',
  '/etc/services',
  '/etc/terminfo',
  '/etc/inputrc',
  '/etc/bash.bashrc',
  '/etc/perl',
  '/etc/fonts',
]

/** What every sandbox sees of the system: /usr and little else, all of it read-only. */
export function systemMounts(lookup: Lookup): Mount[] {
  return ['/usr', ...USR_LINKS, ...ETC].flatMap((path): Mount[] => {
    const seen = lookup.look(path)
    if (seen === undefined || seen.kind === 'other') return []
    if (seen.kind !== 'link') return [{ type: 'bind', source: path, path, access: 'read', why: 'system' }]
    const target = lookup.link(path)
    const real = lookup.real(path)
    // a link that leads anywhere but into /usr would lead out of what is shown
    return target !== undefined && real?.startsWith('/usr/') === true
      ? [{ type: 'link', path, target, why: 'system' }]
      : []
  })
}

/** The files of /etc that are made, so that nothing of the machine's users, hosts and resolvers is told. */
export function identityFiles(inside: { uid: number; gid: number; user: string; home: string }): Mount[] {
  const { uid, gid, user, home } = inside
  const text = (path: string, lines: readonly string[]): Mount => ({
    type: 'text',
    path,
    text: lines.map((line) => `${line}\n`).join(''),
    why: 'made for the sandbox',
  })
  return [
    text('/etc/passwd', [
      `${user}:x:${uid}:${gid}:${user}:${home}:/bin/sh`,
      'nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin',
    ]),
    text('/etc/group', [`${user}:x:${gid}:`, 'nogroup:x:65534:']),
    text('/etc/hosts', ['127.0.0.1 localhost warder', '::1 localhost']),
    text('/etc/hostname', ['warder']),
    text('/etc/nsswitch.conf', [
      'passwd: files',
      'group: files',
      'hosts: files dns',
      'services: files',
      'protocols: files',
    ]),
    text('/etc/resolv.conf', ['# no network', 'options timeout:1 attempts:1']),
  ]
}
