/** Labels of nodes as users write them, in one string (Ray, `label_utils.py`). What is wrong is an `InvalidArgumentError`. */
import { InvalidArgumentError } from '../errors.ts';
import { isStringRecord, validateNodeLabelSyntax, validateNodeLabels } from './label-syntax.ts';

/** `region=us,zone=a`, with or without quotes around it, spaces around keys and values allowed. */
export function parseNodeLabelsString(text: string): Map<string, string> {
  const isQuoted = text.length > 1 && text.startsWith('"') && text.endsWith('"');
  const content = isQuoted ? text.slice(1, -1) : text;
  const labels = new Map<string, string>();
  for (const pair of content === '' ? [] : content.split(',')) {
    const [key, value, ...others] = pair.split('=');
    if (key === undefined || value === undefined || others.length > 0) {
      throw new InvalidArgumentError('Label string is not a key-value pair.', { labels: text });
    }
    labels.set(key.trim(), value.trim());
  }
  return checked(labels, validateNodeLabelSyntax(Object.fromEntries(labels)));
}

/** `{"region": "us"}`; keys that are the runtime's own are refused. */
export function parseNodeLabelsJson(text: string): Map<string, string> {
  let labels: unknown;
  try {
    labels = JSON.parse(text);
  } catch (cause) {
    throw new InvalidArgumentError('the labels are no JSON', { labels: text }, { cause });
  }
  if (!isStringRecord(labels)) {
    throw new InvalidArgumentError('the labels are not an object of strings', { labels: text });
  }
  return checked(new Map(Object.entries(labels)), validateNodeLabels(labels));
}

function checked(labels: Map<string, string>, problem: string | undefined): Map<string, string> {
  if (problem !== undefined) throw new InvalidArgumentError(problem);
  return labels;
}
