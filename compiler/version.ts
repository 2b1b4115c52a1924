/** The version of fhec that a report and a reproducer name; a test holds it against package.json. */
export const version = '0.1.0';
