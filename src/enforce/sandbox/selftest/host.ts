import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { freemem } from 'node:os'
import { readProcess } from '../processes.ts'

/** Changes with every boot: what was shown before the machine started again was shown of another kernel. */
export function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim()
}

/** Memory that could be had without taking it from anybody. */
export function freeMemoryBytes(): number {
  const [, kibibytes] = /^MemAvailable:\s*(\d+) kB$/m.exec(readFileSync('/proc/meminfo', 'latin1')) ?? []
  return kibibytes === undefined ? freemem() : Number(kibibytes) * 1024
}

/** Processes alive on the host that call themselves this, whatever namespace they are in. */
export function processesNamed(name: string): readonly number[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number)
    .filter((pid) => programOf(pid) === name && readProcess(pid)?.state !== 'Z')
}

/** What a process calls itself; undefined when it is gone. */
export function programOf(pid: number): string | undefined {
  return textAt(`/proc/${pid}/comm`)?.trimEnd()
}

/** What stands in a file now; undefined where there is none, or none for us. */
export function textAt(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

export function isThere(path: string): boolean {
  return existsSync(path)
}

export function removeFile(path: string): void {
  rmSync(path, { force: true })
}
