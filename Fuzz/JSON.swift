// JSON: whatever the bytes are, parsing gives an error with its place or a value that comes back the same, byte for byte,
// when it is written in either form and parsed again.
import Formats

func check(_ bytes: UnsafeRawBufferPointer) {
  do throws(JSONError) {
    let value = try JSON(parsing: Array(bytes))
    let line = value.line
    for text in [line, value.pretty] {
      let again = try JSON(parsing: text)
      // Two strings are equal already when they look alike; what is written shows every byte.
      guard again == value, again.line.utf8.elementsEqual(line.utf8) else { fatalError("another value: \(text)") }
    }
    guard !line.utf8.contains(0x0A) else { fatalError("more than one line: \(line)") }
    read(value)
  } catch {
    guard (0...bytes.count).contains(error.offset), !error.problem.isEmpty else { fatalError("no place: \(error)") }
    if (try? JSON(parsing: Array(bytes))) != nil { fatalError("refused what was written: \(error)") }
  }
}

/// Reads a value through every accessor.
private func read(_ value: JSON) {
  if let whole = value.int, value.double != Double(whole) { fatalError("\(value) is not \(whole)") }
  if let double = value.double {
    guard let rounded = JSON.rounded(double, digits: 6).double else { fatalError("\(double) has no rounded form") }
    if (rounded - double).magnitude > double.magnitude * 1e-5 { fatalError("\(double) is not \(rounded)") }
  }
  for element in value.elements ?? [] { read(element) }
  for member in value.members ?? [] {
    guard value[member.key] != nil else { fatalError("'\(member.key)' is not found by its name") }
    read(member.value)
  }
}

func seeds() -> [[UInt8]] {
  let texts = [
    #"{"null":null,"yes":true,"no":false,"count":-42,"share":0.125,"list":[1,2.5e-3,"x",[]],"empty":{}}"#,
    #"["\ud83d\ude00","\udc00","\u0000\"\\\/\b\f\n\r\t","é😀\#u{2028}"]"#,
    "[1e308,-1E-308,9223372036854775807,-9223372036854775808,9223372036854775808,0.1,-0,-0.0]",
    #"{"a":1,"a":{"b":[[[[[[]]]]]]}}"#, " [ 1 , 2 ] ", String(repeating: "[", count: 200), "{\"a\":", "1.", "01",
  ]
  return texts.map { Array($0.utf8) }
}
