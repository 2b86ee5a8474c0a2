// Adapters: whatever the bytes are, the result is a typed error or an adapter whose sizes agree and that holds the same
// when it is written and read again. An input is a GGUF adapter, or an adapter_config.json of at most 2047 bytes that a zero
// ends and behind it a safetensors file.
import Formats
import NumericTypes

func check(_ bytes: UnsafeRawBufferPointer) {
  do throws(FormatError) {
    let adapter = try LowRankAdapter(GGUFFile(bytes, keeper: nil))
    prove(adapter)
    let again = try LowRankAdapter(GGUFFile(ByteView(copying: adapter.gguf().encoded())))
    guard again.targets.map(\.name) == adapter.targets.map(\.name) else { fatalError("other targets") }
  } catch { prove(error) }
  guard let end = bytes.prefix(2048).firstIndex(of: 0) else { return }
  let settings = [UInt8](bytes[..<end])
  let rest = UnsafeRawBufferPointer(rebasing: bytes[(end + 1)...])
  do throws(FormatError) {
    let adapter = try LowRankAdapter(configuration: settings, weights: ByteView(rest, keeper: nil))
    prove(adapter)
    let (configuration, weights) = try adapter.folder()
    let again = try LowRankAdapter(configuration: configuration, weights: ByteView(copying: weights.encoded()))
    guard content(again) == content(adapter) else { fatalError("another adapter after writing it again") }
  } catch { prove(error) }
}

/// By bits: a NaN equals nothing.
private func content(_ adapter: LowRankAdapter) -> [[UInt32]] {
  adapter.targets.sorted { $0.name < $1.name }.map { target in
    [UInt32(target.rank), UInt32(target.inFeatures), adapter.scale(of: target).bitPattern]
      + (target.a + target.b).map { $0.isNaN ? 0x7FC0_0000 : $0.bitPattern }
  }
}

private func prove(_ adapter: LowRankAdapter) {
  for target in adapter.targets {
    guard target.a.count == target.rank * target.inFeatures, target.b.count == target.rank * target.outFeatures,
      target.rank > 0, target.rank <= min(target.inFeatures, target.outFeatures), adapter.scale(of: target).isFinite
    else { fatalError("accepted, but: \(target.name)") }
  }
}

private func prove(_ error: FormatError) {
  if error.description.isEmpty { fatalError("no text: \(error.field)") }
}

func seeds() -> [[UInt8]] {
  func values(_ count: Int) -> [Float] { (0..<count).map { Float($0) - 3 } }
  var seeds: [[UInt8]] = []
  for dtype in [DType.f32, .f16, .bf16] {
    for naming in [LowRankAdapter.Naming.gguf, .huggingFace] {
      let names = naming == .gguf ? ["blk.0.attn_q", "output"] : ["model.layers.0.self_attn.q_proj", "lm_head"]
      let targets = names.enumerated().compactMap { index, name in
        try? LowRankAdapter.Target(
          name: name, rank: 1 + index, inFeatures: 2, outFeatures: 3, alpha: 4 + Double(index),
          a: values(2 + 2 * index),
          b: values(3 + 3 * index), dtype: dtype)
      }
      guard
        let adapter = try? LowRankAdapter(
          naming: naming, targets: targets, isRankStabilized: dtype == .f16, baseName: "b", baseHash: "00",
          architecture: "llama")
      else { continue }
      if naming == .gguf {
        seeds.append((try? adapter.gguf().encoded()) ?? [])
      } else if let (settings, weights) = try? adapter.folder() {
        seeds.append(settings + [0] + ((try? weights.encoded()) ?? []))
      }
    }
  }
  return seeds
}
