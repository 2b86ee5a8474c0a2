import Server
import Testing

@Suite struct KeyRingTests {
  @Test func onlyWholeKeysAreAccepted() throws {
    let ring = try KeyRing(["secret-1", "another"])
    #expect(ring.accepts("secret-1") && ring.accepts("another"))
    for wrong in ["", "secret", "secret-", "secret-12", "Secret-1", "secret-1secret-1", "anothe", "anotheranother"] {
      #expect(!ring.accepts(wrong), "\(wrong)")
    }
    #expect(KeyRing().isEmpty && !ring.isEmpty && !KeyRing().accepts(""))
  }

  @Test(arguments: ["", "with space", "tab\t", "é", String(repeating: "x", count: 1025)])
  func keysThatNoHeaderCarriesAreRefused(_ key: String) {
    let error = #expect(throws: ServerError.self) { try KeyRing(["fine", key]) }
    #expect("\(error.map { "\($0)" } ?? "")".hasPrefix("keys[1] of \(key.utf8.count) bytes"))
    if key.count > 3 { #expect(error.map { "\($0)".contains(key) } == false, "a key is not told") }
  }

  @Test func filesHaveAKeyInEachLine() {
    #expect(KeyRing.keys(inFile: "# keys\n\none\n  two  # of bob\r\nthree\r\n#four\n") == ["one", "two", "three"])
  }
}
