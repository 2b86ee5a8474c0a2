import NumericTypes
import Tensors
import Testing

@Suite struct RandomTests {
  /// The known answers for philox4x32 with 10 rounds that the authors' Random123 publishes (tests/kat_vectors).
  @Test func knownAnswers() {
    let zeros = Random.philox(counter: 0, stream: 0, key: (0, 0))
    #expect(zeros == (0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8))
    let ones = Random.philox(counter: .max, stream: .max, key: (.max, .max))
    #expect(ones == (0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd))
    let pi = Random.philox(
      counter: 0x85a3_08d3_243f_6a88, stream: 0x0370_7344_1319_8a2e, key: (0xa409_3822, 0x299f_31d0))
    #expect(pi == (0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1))
    var random = Random(seed: 0)
    #expect(random.next() == 0xe169_c58d_6627_e8d5 && random.next() == 0x9b00_dbd8_bc57_ac4c)
  }

  @Test func aPositionIsAllTheState() {
    var random = Random(seed: 99, stream: 3)
    let values = (0..<100).map { _ in random.next() }
    #expect(random.position == 100)
    for start in [0, 1, 50, 99] {
      var again = Random(seed: 99, stream: 3)
      again.position = UInt64(start)
      #expect(again.next() == values[start])
    }
    var other = Random(seed: 99, stream: 4)
    #expect(other.next() != values[0])
  }

  @Test func distributionsDoNotDependOnThreads() {
    let one = Context(threads: 1)
    let two = Context(threads: 2)
    var (a, b) = (Random(seed: 5), Random(seed: 5))
    let count = 50_000
    for dtype in [DType.f32, .f16, .f64] {
      #expect(
        one.uniform([count], low: -2, high: 4, dtype, random: &a).bits(one)
          == two.uniform([count], low: -2, high: 4, dtype, random: &b).bits(two))
      let x = one.normal([count], mean: 1, deviation: 2, dtype, random: &a)
      #expect(x.bits(one) == two.normal([count], mean: 1, deviation: 2, dtype, random: &b).bits(two))
      let values = x.doubles(one)
      let mean = values.reduce(0, +) / Double(count)
      let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(count)
      #expect(abs(mean - 1) < 0.05 && abs(variance - 4) < 0.15)
    }
    #expect(a.position == b.position && a.position == UInt64(9 * count))
  }
}
