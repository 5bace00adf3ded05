require "inventory"

describe Warehouse::Item do
  let(:item) { described_class.new("nut") }

  it "knows when it is empty" do
    expect(item).to be_empty
  end

  context "with stock" do
    before { item.count = 3 }

    it "can be taken" do
      item.take(2)
      expect(item.count).to eq(1)
    end
  end

  def helper
    item
  end
end
