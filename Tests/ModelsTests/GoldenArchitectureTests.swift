import Testing
import VenturiTesting

/// Every architecture against its reference implementation, at small random weights.
struct GoldenArchitectureTests {
  @Test(arguments: ["mamba2", "rwkv7"])
  func decodersEqualTheirReference(_ name: String) throws {
    #expect(try GoldenArchitecture(name).violations() == [])
  }
}
