import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { ensurePrivateDirectory, readPrivateFile, writeFileAtomic } from '../platform/files.ts'

/** Where the token of the owner's session stands between two commands: with the sockets, where no agent can look. */
function sessionPath(runtimeDirectory: string): string {
  return join(runtimeDirectory, 'session')
}

/** The token, if a session was begun. @throws FileError when the file is open to others */
export function readSession(runtimeDirectory: string): string | undefined {
  const text = readPrivateFile(sessionPath(runtimeDirectory), 1024)?.toString('latin1').trim()
  return text !== undefined && /^[A-Za-z0-9_-]{20,128}$/.test(text) ? text : undefined
}

export function writeSession(runtimeDirectory: string, token: string): void {
  ensurePrivateDirectory(runtimeDirectory)
  writeFileAtomic(sessionPath(runtimeDirectory), `${token}\n`)
}

export function forgetSession(runtimeDirectory: string): void {
  rmSync(sessionPath(runtimeDirectory), { force: true })
}
