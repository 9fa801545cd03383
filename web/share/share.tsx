export interface ShareProps {
  /** The address of this page with the question in it, not the data. */
  readonly link: string;
  readonly report: () => Promise<string>;
  readonly redacted: () => Promise<string>;
}

export function Share(_: ShareProps) {
  return null;
}
