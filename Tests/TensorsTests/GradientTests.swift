import Foundation
import NumericTypes
import Tensors
import Testing
import VenturiTesting

/// The gradients of every operator against central differences in Double.
@Suite struct GradientTests {
  @Test(arguments: GradientLaw.operators.map(\.name))
  func itsGradientIsWhatDifferencesSay(_ name: String) throws {
    let law = try #require(GradientLaw.operators.first { $0.name == name })
    #expect(law.violations() == [])
  }
}

extension GradientTests {
  /// Operators through which no gradient goes: their results are no floating-point numbers or have no inputs.
  static let withoutInputs: Set<String> = [
    "zeros", "full", "arange", "uniform", "normal", "tensor", "compare", "argmax", "maxPoolPlaces", "rows",
  ]
  /// Operators that refuse tracked tensors: their weights are not trained in this form.
  static let refusing: Set<String> = [
    "linear", "addLinear", "activatedLinear", "gatedLinear", "linearByHead", "addExperts", "topK",
  ]

  @Test func theListOfOperatorsIsComplete() throws {
    let sources = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "Sources/Tensors")
    var names: Set<String> = []
    let folder = sources.appending(path: "Ops")
    for file in try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil) {
      let text = try String(contentsOf: file, encoding: .utf8)
      guard text.contains("extension Context {") else { continue }
      for match in text.matches(of: /public func (\w+)\(([^{]*?)\)\s*->\s*([^{]*)\{/)
      where match.output.3.contains("Tensor") { names.insert(String(match.output.1)) }
    }
    let views = try String(contentsOf: sources.appending(path: "Tensor+Views.swift"), encoding: .utf8)
    for match in views.matches(of: /public func (\w+)\(/) { names.insert(String(match.output.1)) }
    #expect(names.count > 50, "only \(names.sorted())")
    let checked = Set(GradientLaw.operators.map { String($0.name.prefix { $0 != "." }) })
    #expect(names.subtracting(checked).subtracting(Self.withoutInputs).subtracting(Self.refusing).sorted() == [])
    #expect(checked.subtracting(names).sorted() == [])
  }
}
