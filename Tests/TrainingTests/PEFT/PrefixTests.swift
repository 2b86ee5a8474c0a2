import Foundation
import NumericTypes
import Tensors
import Testing
import Text
import Training

@Suite("Prefixes and prompts")
struct PrefixTests {
  @Test("A prefix is attention over its keys and values before the tokens', in Double") func prefix() throws {
    struct Fixed: PassAdapter {
      let keys: Tensor
      let values: Tensor
      func prefix(of attention: AttentionLayer, _ pass: Pass) -> AttentionPrefix? {
        AttentionPrefix(keys: keys, values: values)
      }
    }
    let (rows, length, heads, kvHeads, d, count) = (2, 5, 4, 2, 6, 3)
    let width = heads * d
    for rotation in [nil, AttentionLayer.Rotation(base: 100)] {
      let context = Context(threads: 2)
      var builder = ModelBuilder(context: context, seed: 5)
      let layer = AttentionLayer(&builder, width: width, heads: heads, kvHeads: kvHeads, rotation: rotation)
      let weights = builder.parameters.map(\.value)
      let x = OptimizerSample.unit(1, rows * length * width)
      let (keys, values) = (OptimizerSample.unit(2, count * kvHeads * d), OptimizerSample.unit(3, count * kvHeads * d))
      let adapter = Fixed(
        keys: context.tensor(keys, [count, kvHeads, d]), values: context.tensor(values, [count, kvHeads, d]))
      let pass = Pass(.evaluation, weights: weights, buffers: [], adapter: adapter, context: context)
      let places = context.cast(context.tensor((0..<rows * length).map { Float($0 % length) }), to: .i32)
      let found = layer(context.tensor(x, [rows * length, width]), rows: rows, positions: places, pass).floats

      let (inward, inwardBias, outward, outwardBias) = (
        weights[0].floats, weights[1].floats, weights[2].floats, weights[3].floats
      )
      func project(_ x: [Double], _ w: [Float], _ b: [Float]) -> [Double] {
        b.indices.map { o in x.indices.reduce(Double(b[o])) { $0 + x[$1] * Double(w[o * x.count + $1]) } }
      }
      func turn(_ head: [Double], _ place: Int) -> [Double] {
        guard let rotation else { return head }
        var turned = head
        for pair in 0..<d / 2 {
          let angle = Double(place) * pow(rotation.base, -2 * Double(pair) / Double(d))
          turned[pair] = head[pair] * cos(angle) - head[pair + d / 2] * sin(angle)
          turned[pair + d / 2] = head[pair] * sin(angle) + head[pair + d / 2] * cos(angle)
        }
        return turned
      }
      for row in 0..<rows {
        let all = (0..<length).map { token in
          project((0..<width).map { Double(x[(row * length + token) * width + $0]) }, inward, inwardBias)
        }
        func part(_ token: Int, _ head: Int) -> [Double] { Array(all[token][head * d..<(head + 1) * d]) }
        for token in 0..<length {
          var mixed: [Double] = []
          for head in 0..<heads {
            let query = turn(part(token, head), token)
            let kv = head / (heads / kvHeads)
            let own = (0..<count).map { p in
              let at = (p * kvHeads + kv) * d
              return (keys[at..<at + d].map(Double.init), values[at..<at + d].map(Double.init))
            }
            let seen = own + (0...token).map { (turn(part($0, heads + kv), $0), part($0, heads + kvHeads + kv)) }
            let scores = seen.map { exp(zip(query, $0.0).reduce(0) { $0 + $1.0 * $1.1 } / Double(d).squareRoot()) }
            let sum = scores.reduce(0, +)
            mixed += (0..<d).map { e in zip(scores, seen).reduce(0) { $0 + $1.0 / sum * $1.1.1[e] } }
          }
          for (index, expected) in project(mixed, outward, outwardBias).enumerated() {
            #expect(abs(Double(found[(row * length + token) * width + index]) - expected) <= 1e-5)
          }
        }
      }
    }
  }

  @Test("A prompt of tokens' embeddings is those tokens before the row") func prompt() throws {
    for isLlama in [true, false] {
      let sample = try AdapterSample([AdapterConfiguration(.prompt(count: 4))], isLlama: isLlama)
      let lead: [TokenID] = [7, 2, 9, 4]
      let table = sample.base.parameters[0].value.floats
      let prompt = sample.model.parameters[0].value.pointer(as: Float.self)
      for (row, token) in lead.enumerated() {
        for column in 0..<16 { prompt[16 * row + column] = table[16 * Int(token) + column] }
      }
      let batch = try AdapterSample.batch(rows: 2)
      let long = try TokenBatch(
        (0..<2).map { row in
          let tokens = lead + batch.inputs[row * batch.length..<(row + 1) * batch.length]
          return TokenSequence(inputs: tokens, targets: tokens, sequenceStarts: [0])
        })
      let (found, all) = (try sample.logits(batch), try sample.logits(long, of: sample.base))
      let width = SampleModels.vocabulary
      for row in 0..<2 {
        let expected = all[(row * 16 + 4) * width..<(row + 1) * 16 * width]
        let own = found[row * 12 * width..<(row + 1) * 12 * width]
        #expect(zip(own, expected).allSatisfy { abs($0 - $1) <= 1e-5 * max(1, abs($1)) } && own.count == expected.count)
      }
    }
  }
}
