namespace Acme
{
    public class Conditional
    {
        public int First()
        {
            return (1 is { } one) ? one : ) 0;
        }

#if NET8_0
        /// <summary>Only where it is new.</summary>
        public int Second() => 2;
#endif

#region Others
        public int Third()
        {
            return 3;
        }
#endregion
    }
}
