namespace Broken
{
    public class Good
    {
        public int One()
        {
            return 1;
        }

        public int Bad(int x
        {
            return x +;
        }

        public int Two() => 2;
    }

    public class Unfinished
    {
        public void Still()
        {
            One();
        }

        public void Never(
