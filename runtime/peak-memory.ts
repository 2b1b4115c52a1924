import { readFileSync } from 'node:fs';

/**
 * The most memory that this process held so far, in bytes (resident set). Linux counts into `resourceUsage` what the parent held when it started this process;
 * /proc tells of this process alone.
 */
export function peakMemory(): number {
  try {
    const [, kilobytes] = /^VmHWM:\s*(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
    if (kilobytes !== undefined) return Number(kilobytes) * 1024;
  } catch {
    // Other systems have no /proc.
  }
  return process.resourceUsage().maxRSS * 1024;
}
