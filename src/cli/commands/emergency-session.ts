import { spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { appendFileSync, createReadStream, mkdirSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { SessionNoteInput } from '../../api/emergency.ts'
import { calls } from '../../client/calls.ts'
import { sessionNotesPath, sessionsDirectory } from '../../contain/emergency/index.ts'
import { messageOf } from '../../core/error.ts'
import { createSecretScanner, SECRET_FAMILIES } from '../../decide/inspect/secret/index.ts'
import { newId } from '../../core/id.ts'
import { ensurePrivateDirectory } from '../../platform/files.ts'
import { command, type Context } from '../command.ts'
import { openTranscript, recorderOf, whyNoTranscript, type Transcript } from './emergency-transcript.ts'
import { refuseAgents } from './firewall-host.ts'

const ANSWER_MS = 2000

export const emergencySession = command({
  name: 'emergency session',
  about: 'a shell for a person who came in by an emergency way, on record',
  details: [
    'Meant as the ForceCommand of sshd (warder emergency config ssh). Who came, from where, what command was asked for, how it ended, and the digest of the transcript go into the ledger; the transcript, which is everything that was shown with what looks like a secret masked, is kept beside it, for the owner alone. What is typed and not shown, such as a password, is in neither. The session ends when its recorder does.',
    'It lets people in whatever is broken: without a daemon, the ledger is told when one runs; without the program script there is no transcript, and the record says so. Somebody with the rights of root can change what stands on this machine afterwards: send the ledger elsewhere too.',
  ],
  examples: [{ run: 'warder emergency session', does: 'your login shell, recorded' }],
  handlesInterrupt: true,
  async run(_input, context) {
    refuseAgents(context)
    const { environment, config } = context
    const directory = sessionsDirectory(config.values['paths.state'])
    const session = newId()
    const who = {
      session,
      user: userInfo().username,
      from: environment['SSH_CONNECTION']?.split(' ')[0] ?? '',
    }
    const asked = environment['SSH_ORIGINAL_COMMAND'] ?? ''
    // its tags are of this session alone: who reads two of them cannot tell whether a value was the same
    const { redact } = createSecretScanner({
      key: randomBytes(32),
      families: SECRET_FAMILIES,
      minimum: 'low',
    })
    await keep(context, { ...who, what: 'begin', text: redact(asked).slice(0, 4000) })
    const path = join(directory, `${session}.log`)
    const transcript = recording(context, directory, path, redact)
    const shell = userInfo().shell ?? '/bin/sh'
    const code = await attended(shell, asked, transcript)
    const digest = transcript === undefined ? '' : await digestOf(path)
    const text = digest === '' ? 'there is no transcript of it' : ''
    await keep(context, { ...who, what: 'end', text, digest, exit: code })
    return code
  },
})

function recording(
  { out }: Context,
  directory: string,
  path: string,
  redact: (text: string) => string,
): Transcript | undefined {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 })
    ensurePrivateDirectory(directory)
    const why = whyNoTranscript()
    if (why === undefined) return openTranscript(path, redact)
    out.warn(`${why}: what is shown is not kept`)
  } catch (error) {
    out.warn(`what is shown cannot be kept: ${messageOf(error)}`)
  }
  return undefined
}

/** @returns its exit code, once all that it showed is kept; of one that was killed, what a shell would say */
async function attended(shell: string, asked: string, transcript: Transcript | undefined): Promise<number> {
  const words = asked === '' ? ['-l'] : ['-c', asked]
  const quoted = [shell, ...words].map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ')
  const [file = '', ...args] =
    transcript === undefined ? [shell, ...words] : recorderOf(quoted, transcript.pipe)
  const child = spawn(file, args, { stdio: 'inherit' })
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  child.once('error', reject)
  child.once('exit', (code, signal) => resolve(code ?? (signal === null ? 1 : 128)))
  try {
    return await promise
  } finally {
    transcript?.end()
    await transcript?.written
  }
}

/** Told to the daemon; without one, kept for the next. Nothing of this keeps a person out. */
async function keep(context: Context, note: SessionNoteInput): Promise<void> {
  try {
    const api = calls(await context.client({ start: false }))
    await api.call('emergencyNote', note, AbortSignal.timeout(ANSWER_MS))
  } catch {
    try {
      const state = context.config.values['paths.state']
      mkdirSync(sessionsDirectory(state), { recursive: true, mode: 0o700 })
      appendFileSync(sessionNotesPath(state), `${JSON.stringify(note)}\n`, { mode: 0o600 })
    } catch (error) {
      context.out.warn(`this session is not on record: ${messageOf(error)}`)
    }
  }
}

async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash)
  return hash.digest('hex')
}
