const IN_SOURCES = import.meta.url.endsWith('.ts')

/** What every program of Warder's that serves others is run with: unable to turn text into code or to open a debugger. */
export const HARDENED = [
  '--disable-proto=throw',
  '--disallow-code-generation-from-strings',
  '--disable-sigusr1',
] as const

/** How the daemon is run. It makes much while it starts, and copies less of it about with room for what is young. */
export const DAEMON_FLAGS = [...HARDENED, '--min-semi-space-size=16'] as const

/**
 * Where a program or thread of Warder's starts: the source file while developing, the bundled file beside this one
 * when installed. `name` is the bundle's name in `scripts/build.ts`.
 */
export function entryPoint(
  name: 'warderd' | 'daemon' | 'audit-writer' | 'audit-verifier' | 'spawn-watch' | 'egress' | 'mcp' | 'aside',
): URL {
  const source = {
    warderd: '../daemon/main.ts',
    daemon: '../daemon/daemon-main.ts',
    'audit-writer': '../record/audit/writer.thread.ts',
    'audit-verifier': '../record/audit/verify.thread.ts',
    'spawn-watch': '../enforce/sandbox/spawn.thread.ts',
    egress: '../daemon/egress/main.ts',
    mcp: '../daemon/mcp/main.ts',
    aside: './aside-main.ts',
  }[name]
  return new URL(IN_SOURCES ? source : `./${name}.js`, import.meta.url)
}
