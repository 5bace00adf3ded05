# frozen_string_literal: true

require "json"

# Everything about the warehouse.
module Warehouse
  VERSION = "1.2"

  # Raised when nothing is left.
  class OutOfStock < StandardError; end

  # An item on a shelf.
  #
  # @attr name [String] what it is
  class Item < Struct.new(:name, :count)
    include Comparable
    attr_reader :price

    LIMIT = 10

    # Makes an item.
    def initialize(name, count: 0, **options)
      super(name, count)
      @price = options.fetch(:price) { 0 }
    end

    def <=>(other)
      count <=> other.count
    end

    def [](key) = instance_variable_get("@#{key}")

    def count=(value)
      raise ArgumentError, "negative" if value.negative?

      self[:count] = value
    end

    # Is there none left?
    def empty?
      count.zero?
    end

    class << self
      # Reads an item from JSON.
      def from_json(text)
        new(*JSON.parse(text).values_at("name", "count"))
      end

      attr_accessor :registry
    end

    def self.größe(artikel)
      artikel.name.length # "größe"
    end

    define_method(:take) do |amount = 1|
      self.count -= amount
    end

    define_method "put" do |amount|
      self.count += amount
    end

    %w[red green].each do |color|
      define_method("#{color}?") { @color == color }
    end

    alias_method :left?, :empty?

    private

    def audit!(reason)
      puts <<~TEXT
        def not_a_method
          #{reason}
        end
      TEXT
    end

    private def secret = 42

    protected

    attr_writer :secret
  end

  module Helpers
    module_function

    def total(items)
      items.sum do |item|
        item.count
      end
    end
  end

  class Shelf::Row
    def place(item)
      add = lambda do |thing|
        @things << thing
      end
      add.call(item)
    end
  end

  Point = Struct.new(:x, :y) do
    def distance
      Math.sqrt(x**2 + y**2)
    end
  end
end

=begin
Doubles a number,
whatever it is.
=end
def double(number)
  number * 2
end

SQUARE = ->(number) { number * number }

half = proc { |number| number / 2 }

task :restock do
  puts half.call(SQUARE.call(double(2)))
end
