import { closeSync, constants, fstatSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { systemCode } from '../../core/error.ts'
import { ensurePrivateDirectory, syncDirectory } from '../../platform/files.ts'

export const ALERT_FILE = 'alerts.jsonl'

export interface AlertFileOptions {
  readonly directory: string
  /** The file is set aside, and the next begun, before it grows beyond this. */
  readonly maxBytes: number
  /** How many set aside are kept: `alerts.1.jsonl` is the newest of them. */
  readonly keep: number
}

/** The alert feed: one JSON object a line, for its owner alone, never larger than it may be. */
export class AlertFile {
  readonly #options: AlertFileOptions
  #fd: number | undefined
  #sizeBytes = 0
  #isSynced = true

  constructor(options: AlertFileOptions) {
    this.#options = options
  }

  get path(): string {
    return join(this.#options.directory, ALERT_FILE)
  }

  /** Written when this returns; safe from a power cut after {@link sync}. Throws what the file system throws. */
  write(line: string): void {
    const bytes = Buffer.from(`${line}\n`)
    if (this.#sizeBytes > 0 && this.#sizeBytes + bytes.length > this.#options.maxBytes) this.#rotate()
    const fd = (this.#fd ??= this.#open())
    for (let at = 0; at < bytes.length;) at += writeSync(fd, bytes, at)
    this.#sizeBytes += bytes.length
    this.#isSynced = false
  }

  sync(): void {
    if (this.#fd === undefined || this.#isSynced) return
    fsyncSync(this.#fd)
    this.#isSynced = true
  }

  close(): void {
    if (this.#fd === undefined) return
    this.sync()
    closeSync(this.#fd)
    this.#fd = undefined
  }

  #open(): number {
    ensurePrivateDirectory(this.#options.directory)
    // never through a link: what others plant here must not choose where alerts go
    const flags = constants.O_RDWR | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW
    const fd = openSync(this.path, flags, 0o600)
    this.#sizeBytes = fstatSync(fd).size
    return fd
  }

  #rotate(): void {
    this.close()
    const { directory, keep } = this.#options
    const aside = (nth: number) => join(directory, `alerts.${nth}.jsonl`)
    rmSync(aside(keep), { force: true })
    for (let nth = keep - 1; nth >= 1; nth -= 1) moveIfThere(aside(nth), aside(nth + 1))
    moveIfThere(this.path, aside(1))
    syncDirectory(directory)
    this.#sizeBytes = 0
  }
}

function moveIfThere(from: string, to: string): void {
  try {
    renameSync(from, to)
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error
  }
}
