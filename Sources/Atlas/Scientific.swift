import Formats

/// Two digits of a number, for details of checks.
func scientific(_ value: Double) -> String { JSON.rounded(value, digits: 2).line }
