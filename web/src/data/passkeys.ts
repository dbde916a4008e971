import { sendJson } from './http.ts'
import { readSession } from './session.ts'

export interface Passkey {
  readonly id: string
  readonly name: string
  readonly host: string
  readonly madeAt: string
  readonly usedAt?: string
}

/** Whether this browser can. The server says whether this address can: a passkey is bound to a name. */
export function hasPasskeys(): boolean {
  return typeof PublicKeyCredential === 'function' && 'parseRequestOptionsFromJSON' in PublicKeyCredential
}

type What = 'login' | 'fresh'

/** Shows a passkey, to log in or to prove once more who sits here. @throws Problem; DOMException when nobody shows one */
export async function showPasskey(what: What): Promise<void> {
  const options = await sendJson<PublicKeyCredentialRequestOptionsJSON>('POST', '/session/passkey/options', {
    for: what,
  })
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options)
  const shown = await navigator.credentials.get({ publicKey })
  await sendJson('POST', '/session/passkey/verify', { for: what, response: jsonOf(shown) })
  await readSession()
}

export async function addPasskey(name: string): Promise<void> {
  const options = await sendJson<PublicKeyCredentialCreationOptionsJSON>('POST', '/session/passkey/options', {
    for: 'register',
  })
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options)
  const made = await navigator.credentials.create({ publicKey })
  await sendJson('POST', '/session/passkey/verify', { for: 'register', response: jsonOf(made), name })
}

export function listPasskeys(): Promise<{ readonly passkeys: readonly Passkey[] }> {
  return sendJson('GET', '/session/passkeys')
}

export async function removePasskey(id: string): Promise<void> {
  await sendJson('DELETE', `/session/passkeys/${encodeURIComponent(id)}`)
}

function jsonOf(credential: Credential | null): unknown {
  if (!(credential instanceof PublicKeyCredential)) throw new Error('no passkey was shown')
  return credential.toJSON()
}
