/** What canaries hold: texts somebody who goes through other people's files would take along. All of it opens nothing. */

export type RandomBytes = (count: number) => Uint8Array

const UPPER = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

/** A token of a service, 43 random characters behind a name that looks like one. */
export function bearerToken(random: RandomBytes): string {
  return `svc_live_${Buffer.from(random(32)).toString('base64url')}`
}

/** As the command line of a cloud provider keeps them. */
export function cloudCredentials(random: RandomBytes): string {
  const id = [...random(16)].map((byte) => UPPER[byte % UPPER.length]).join('')
  const key = Buffer.from(random(30)).toString('base64')
  return `[default]\naws_access_key_id = AKIA${id}\naws_secret_access_key = ${key}\nregion = eu-central-1\n`
}

/** A plain text that looks worth keeping. */
export function privateNotes(random: RandomBytes): string {
  return [
    '# production, do not commit',
    'DATABASE_URL=postgres://app:' + Buffer.from(random(18)).toString('base64url') + '@db.internal:5432/app',
    'ADMIN_TOKEN=' + Buffer.from(random(32)).toString('base64url'),
    '',
  ].join('\n')
}

/** A name nobody asks for by chance; `.invalid` is nobody's (RFC 2606), unless the owner gives a domain. */
export function hostName(random: RandomBytes, domain = 'backup.invalid'): string {
  return `vault-${Buffer.from(random(6)).toString('hex')}.${domain}`
}
